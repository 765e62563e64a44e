/** How many columns a text takes on a terminal, and texts cut and padded to a number of columns. */
import { type Step, step } from "../../domain/terminal/graphemes.ts"

/** As the screens of sessions count. */
export const widthOf = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const cluster of clustersOf(text)) width += cluster.width
  return width
}

interface Cluster {
  readonly text: string
  readonly width: number
}

const clustersOf = (text: string): ReadonlyArray<Cluster> => {
  const clusters: Array<Cluster> = []
  let before: Step | null = null
  for (const character of text) {
    before = step(character.codePointAt(0)!, before)
    const { joins, width } = before
    const last = joins ? clusters.pop() : undefined
    clusters.push({ text: (last?.text ?? "") + character, width })
  }
  return clusters
}

/** At most `columns` wide; what is cut is shown as `…`. */
export const clip = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text
  if (columns <= 0) return ""
  let kept = ""
  let width = 0
  for (const cluster of clustersOf(text)) {
    if (width + cluster.width > columns - 1) break
    kept += cluster.text
    width += cluster.width
  }
  return `${kept}…`
}

/** Exactly `columns` wide. */
export const pad = (text: string, columns: number): string => {
  const fitted = clip(text, columns)
  return fitted + " ".repeat(Math.max(0, columns - widthOf(fitted)))
}
