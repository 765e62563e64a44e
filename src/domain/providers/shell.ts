/** Words as a POSIX shell reads them back unchanged. */
export const quoted = (words: ReadonlyArray<string>): string => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
