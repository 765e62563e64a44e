/** The cells of a terminal's buffer as they lie in its memory, small enough for a file: nothing of their attributes is interpreted. */
import { deflateRawSync, inflateRawSync } from "node:zlib"

export interface Cells {
  readonly rows: number
  readonly cols: number
  /** The numbers of all cells, row by row: little-endian, deflated, base64. */
  readonly numbers: string
  /** Rows that go on from the one above. */
  readonly wrapped: ReadonlyArray<number>
  /** By row and column: characters of several code points, and attributes that have no room in a cell. Links are not kept. */
  readonly combined: ReadonlyArray<readonly [row: number, texts: Readonly<Record<string, string>>]>
  readonly extended: ReadonlyArray<readonly [row: number, attributes: Readonly<Record<string, number>>]>
}

/** The screen and so many rows that scrolled off it. */
export const cellsOf = ({ lines, ybase }: CellBuffer, scrollback: number): Cells => {
  const from = Math.max(0, ybase - scrollback)
  const rows = Array.from({ length: lines.length - from }, (_, row) => lines.get(from + row)!)
  const numbers = Buffer.concat(rows.map(({ _data }) => Buffer.from(_data.buffer, _data.byteOffset, _data.byteLength)))
  const where = <A>(pick: (line: Line) => Readonly<Record<string, A>>) =>
    rows.flatMap((line, row) => (Object.keys(pick(line)).length === 0 ? [] : [[row, pick(line)] as const]))
  return {
    rows: rows.length,
    cols: rows[0]?.length ?? 0,
    numbers: deflateRawSync(numbers, { level: 1 }).toString("base64"),
    wrapped: rows.flatMap(({ isWrapped }, row) => (isWrapped ? [row] : [])),
    combined: where(({ _combined }) => _combined),
    extended: where(({ _extendedAttrs }) => Object.fromEntries(Object.entries(_extendedAttrs).map(([col, { _ext }]) => [col, _ext])))
  }
}

/** Into a buffer of the same size. `attributes`: any cell's, to make rows and others' attributes from. */
export const restoreCells = (buffer: CellBuffer, cells: Cells, attributes: CellAttributes): void => {
  const { lines } = buffer
  const bytes = inflateRawSync(Buffer.from(cells.numbers, "base64"))
  const perRow = bytes.length / Math.max(1, cells.rows)
  while (lines.length < cells.rows) lines.push(buffer.getBlankLine(attributes))
  const [wrapped, combined, extended] = [new Set(cells.wrapped), new Map(cells.combined), new Map(cells.extended)]
  for (let row = 0; row < cells.rows; row++) {
    const line = lines.get(row)!
    line._data.set(new Uint32Array(Uint8Array.from(bytes.subarray(row * perRow, (row + 1) * perRow)).buffer))
    line.isWrapped = wrapped.has(row)
    line._combined = { ...combined.get(row) }
    line._extendedAttrs = Object.fromEntries(
      Object.entries(extended.get(row) ?? {}).map(([col, _ext]) => [col, Object.assign(attributes.extended.clone(), { _ext, _urlId: 0 })])
    )
  }
  buffer.ybase = buffer.ydisp = Math.max(0, lines.length - buffer._rows)
}

export interface CellBuffer {
  readonly lines: {
    readonly length: number
    readonly get: (row: number) => Line | undefined
    readonly push: (line: Line) => void
    readonly splice: (at: number, less: number, ...lines: ReadonlyArray<Line>) => void
  }
  readonly getBlankLine: (attributes: CellAttributes) => Line
  readonly _rows: number
  ybase: number
  ydisp: number
}
export interface CellAttributes {
  readonly extended: Extended & { readonly clone: () => CellAttributes["extended"] }
}
interface Extended {
  readonly _ext: number
  readonly _urlId: number
}
export interface Line {
  readonly length: number
  readonly _data: Uint32Array
  isWrapped: boolean
  _combined: Readonly<Record<string, string>>
  _extendedAttrs: Readonly<Record<string, Extended>>
}
