import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { createTables } from '../checker/history/schema.ts'
import { fillYear } from '../checker/history/year-fixture.ts'
import { type Cost, measure, median } from './checker-meter.ts'
import { program } from './checker-servers.ts'

/** The cost of keeping and viewing the history of many targets. */
export interface HistoryCost {
  readonly databaseMb: number
  /** The bundled checker that reads the history and writes its page. */
  readonly writing: Cost
  readonly pageMb: number
  /** From the request to the page complete, median of several, by the browser's own clock. */
  readonly openMs: number
}

/** Creates a year's history of one check a minute of this many targets, lets the bundle write its page, and opens it in Chromium. */
export async function measureHistory(bundle: string, folder: string, targets: number): Promise<HistoryCost> {
  const [historyFile, page] = [join(folder, 'history.db'), join(folder, 'status.html')]
  const database = new DatabaseSync(historyFile)
  createTables(database)
  database.exec('PRAGMA synchronous = OFF')
  fillYear(database, targets, Date.now())
  database.close()
  const words = ['--history', '--history-file', historyFile, '--page', page]
  const writing = await measure(process.execPath, [bundle, ...words])
  const megabytes = (file: string) => statSync(file).size / 1e6
  return { databaseMb: megabytes(historyFile), writing, pageMb: megabytes(page), openMs: await openingMs(page) }
}

async function openingMs(file: string): Promise<number> {
  const executablePath = program('chromium', 'chromium')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const all: number[] = []
    for (let round = 0; round < 7; round++) {
      const page = await browser.newPage()
      await page.goto(pathToFileURL(file).href)
      all.push(Number(await page.evaluate('performance.getEntriesByType("navigation")[0].domComplete')))
      await page.close()
    }
    return median(all)
  } finally {
    await browser.close()
  }
}
