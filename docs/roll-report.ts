/**
 * Takes the pictures of a roll's report that the README shows: `npx node docs/roll-report.ts FILE.html` writes
 * docs/roll-report-light.png and docs/roll-report-dark.png. Needs Chromium, which `npm test` installs.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { findProgram } from '../tasks/tools/system-packages.ts'

const width = 1080
const margin = 16

const [file] = process.argv.slice(2)
const executablePath = findProgram('chromium')
if (file === undefined || executablePath === undefined) throw new Error('expected chromium, and the page of a report')

const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ colorScheme, deviceScaleFactor: 2, viewport: { width, height: 900 } })
  await page.goto(pathToFileURL(resolve(file)).href)
  const timeline = await page.locator('.timeline').boundingBox()
  if (!timeline) throw new Error(`${file} is not the page of a report`)
  const clip = { x: 0, y: 0, width, height: timeline.y + timeline.height + margin }
  await page.screenshot({ path: `${import.meta.dirname}/roll-report-${colorScheme}.png`, fullPage: true, clip })
}
await browser.close()
