import type { Cell } from './past.ts'

/** A cell on a plot 100 wide and 100 high. */
export interface Slot {
  readonly cell: Cell
  readonly x: number
  readonly width: number
  readonly index: number
}

export interface Values {
  readonly low: number
  readonly value: number
  readonly high: number
}

/** SVG paths on a plot 100 wide and 100 high. */
export interface Curve {
  readonly line: string
  readonly band: string
  /** Values at the upper and lower edge. */
  readonly top: number
  readonly bottom: number
  /** The position of zero. */
  readonly zeroY: number
}

/** Places cells of equal duration on a plot; the last slot contains `nowMs`. */
export function placeSlots(cells: readonly Cell[], nowMs: number, slotMs: number, slots: number): Slot[] {
  const first = Math.floor(nowMs / slotMs) - slots + 1
  const width = 100 / slots
  return cells.flatMap((cell) => {
    const index = Math.floor(Date.parse(cell.from) / slotMs) - first
    return index < 0 || index >= slots ? [] : [{ cell, index, width: rounded(width), x: rounded(index * width) }]
  })
}

/** Draws a step curve with gaps where values are missing. */
export function drawCurve(slots: readonly Slot[], values: (cell: Cell) => Values | undefined): Curve | undefined {
  const points = slots.flatMap((slot) => {
    const found = values(slot.cell)
    return found === undefined ? [] : [{ ...slot, ...found }]
  })
  if (points.length === 0) return undefined
  const bottom = Math.min(0, ...points.map(({ low }) => low))
  const highest = Math.max(0, ...points.map(({ high }) => high))
  const top = highest === bottom ? 1 : highest
  const y = (value: number) => rounded(((top - value) / (top - bottom)) * 100)
  const stretches = connected(points)
  return {
    line: stretches.map((stretch) => steps(stretch, ({ value }) => y(value), 'M')).join(''),
    band: stretches
      .map((stretch) => {
        const upper = steps(stretch, ({ high }) => y(high), 'M')
        return `${upper}${stepsBack(stretch, ({ low }) => y(low))}Z`
      })
      .join(''),
    top,
    bottom,
    zeroY: y(0),
  }
}

type Point = Slot & Values

function connected(points: readonly Point[]): Point[][] {
  const stretches: Point[][] = []
  for (const point of points) {
    const stretch = stretches.at(-1)
    if (stretch?.at(-1)?.index === point.index - 1) stretch.push(point)
    else stretches.push([point])
  }
  return stretches
}

function steps(points: readonly Point[], y: (point: Point) => number, begin: string): string {
  return points
    .map((point, index) => `${index === 0 ? `${begin}${point.x} ` : 'V'}${y(point)}H${rounded(point.x + point.width)}`)
    .join('')
}

function stepsBack(points: readonly Point[], y: (point: Point) => number): string {
  return points
    .toReversed()
    .map((point) => `V${y(point)}H${point.x}`)
    .join('')
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100
}
