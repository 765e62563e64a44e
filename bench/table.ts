/** Figures as one table for people: a line each, and under it what a reader must know. */
import type { Figure } from "./figure.ts"

export const table = (figures: ReadonlyArray<Figure>): string => {
  const rows = [["figure", "ours", "peer", "ratio", "target", ""], ...figures.map(cells)]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => (column === 0 || column === row.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd()
  const [head, ...body] = rows
  const lines = figures.flatMap((figure, index) => [line(body[index]!), ...notesOf(figure).map((note) => `    ${note}`)])
  return [line(head!), ...lines].join("\n")
}

/** `met`, `MISSED`, or nothing where nothing is held. */
export const outcomeOf = ({ met }: Figure) => (met === null ? "" : met ? "met" : "MISSED")

const cells = (figure: Figure): ReadonlyArray<string> => [
  figure.name,
  `${amount(figure.ours)} ${figure.unit}`.trim(),
  figure.peer === null ? "" : `${amount(figure.peer)} ${figure.unit}`.trim(),
  figure.ratio === null ? "" : figure.ratio.toFixed(2),
  demandOf(figure),
  outcomeOf(figure)
]

const notesOf = ({ note, peerName }: Figure) => [...(peerName === null ? [] : [`peer: ${peerName}`]), ...(note === undefined ? [] : [note])]

const demandOf = ({ demand, ratio, target, unit }: Figure) => {
  if (target === null) return ""
  return (demand ?? (ratio === null ? `≤ ${target} ${unit}` : `≥ ${target} ×`)).trim()
}

const amount = (value: number) =>
  value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3 })
