import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One line of the price table. */
export interface Price {
  readonly item: string
  /** How many units one of it uses in a month; undefined where that depends on use. */
  readonly unitsAMonth: number | undefined
  /** US dollars for one unit, by region. */
  readonly usd: ReadonlyMap<string, number>
}

/** The dated price table of the documentation. */
export interface PriceTable {
  /** The month of the prices, `2026-11`; undefined when the page does not say. */
  readonly month: string | undefined
  readonly prices: readonly Price[]
}

/** The page that holds the table. */
export const priceFile = join(import.meta.dirname, '../../../../docs/aws-costs.md')

/** Reads the price table; undefined when there is none. */
export async function readPrices(file = priceFile): Promise<PriceTable | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : pricesIn(text)
}

/** The prices in a page: its tables with the columns `item`, `units a month` and `REGION USD`. */
export function pricesIn(page: string): PriceTable {
  const prices: Price[] = []
  let heads: string[] | undefined
  for (const line of page.split('\n')) {
    const cells = cellsOf(line)
    if (cells === undefined) heads = undefined
    else if (cells.every((cell) => /^:?-+:?$/.test(cell))) continue
    else if (heads === undefined) heads = cells.map((cell) => cell.toLowerCase())
    else if (heads.includes('item') && heads.includes('units a month')) prices.push(priceIn(heads, cells))
  }
  return { month: /\b20\d\d-(0[1-9]|1[0-2])\b/.exec(page)?.[0], prices }
}

function priceIn(heads: readonly string[], cells: readonly string[]): Price {
  const cell = (head: string) => cells[heads.indexOf(head)] ?? ''
  const regions = heads.flatMap((head) => {
    const [, region] = /^([a-z]{2}(?:-[a-z]+)+-\d) usd$/.exec(head) ?? []
    const usd = region === undefined ? undefined : numberIn(cell(head))
    return region === undefined || usd === undefined ? [] : ([[region, usd]] as const)
  })
  return {
    item: cell('item'),
    unitsAMonth: numberIn(cell('units a month')),
    usd: new Map(regions),
  }
}

function cellsOf(line: string): string[] | undefined {
  const [, inner] = /^\s*\|(.*)\|\s*$/.exec(line) ?? []
  return inner?.split('|').map((cell) => cell.replaceAll(/[`*]/g, '').trim())
}

function numberIn(cell: string): number | undefined {
  const text = cell.replace(/^\$|,/g, '')
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}
