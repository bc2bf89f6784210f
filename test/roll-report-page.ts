import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { RollEvent, RollEventSink } from '../tasks/lib/roll/events.ts'
import { openReport } from '../tasks/report/report.ts'
import { readEvents } from '../tasks/report/report-files.ts'
import { summarize } from '../tasks/report/summary.ts'
import { showFile } from './browser.ts'

export interface Shown {
  readonly page: Page
  /** Of the events file. */
  readonly events: readonly RollEvent[]
}

/** Writes a report, and looks at it without a network: nothing may go wrong in the page, or be asked for beside it. */
export async function showReport(
  t: Test,
  browser: Browser,
  write: (onEvent: RollEventSink) => unknown,
  look: (shown: Shown) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const report = openReport(join(t.testdir(), 'roll'))
  await write(report.onEvent)
  const files = report.finish()
  const see = (page: Page) => look({ page, events: readEvents(files.events) })
  await showFile(t, browser, files.page, see, options)
}

/** The numbers in the page are those of its events. */
export async function hasItsNumbers(t: Test, { page, events }: Shown): Promise<void> {
  const { outcome, requests, lowestHealthy, highestMachines, replaced, seconds, floor, maximum } = summarize(events)
  t.equal(await page.locator('[data-fact=outcome]').textContent(), outcome)
  for (const [key, value] of Object.entries({ lowestHealthy, highestMachines, replaced, seconds, ...requests })) {
    t.equal(await page.locator(`[data-fact=${key}]`).getAttribute('value'), String(value), key)
  }
  const text = (await page.locator('.facts').textContent()) ?? ''
  t.match(text.replaceAll(',', ''), new RegExp(`promised: ${floor}\\b.*allowed: ${maximum}\\b`, 's'))
  t.strictSame(JSON.parse((await page.locator('#events').textContent()) ?? ''), events)
}
