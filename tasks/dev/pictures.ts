/**
 * Takes the screenshots in the docs, light and dark: `npx node tasks/dev/pictures.ts roll-report FILE.html` of a roll's
 * report, `npx node tasks/dev/pictures.ts status-page FILE.html` of the checker's status page. Writes
 * docs/NAME-light.png and docs/NAME-dark.png, cropped below the last relevant part. Needs Chromium, which `npm test`
 * installs.
 */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findProgram } from '../tools/system-packages.ts'
import { startBrowser } from './browser.ts'

const docs = join(import.meta.dirname, '../../docs')
const width = 1080
const margin = 16
/** The last part in each picture. */
const lasts: Readonly<Record<string, string>> = { 'roll-report': '.timeline', 'status-page': 'main > :nth-child(2)' }

const [name = '', file = ''] = process.argv.slice(2)
const last = lasts[name]
const executablePath = findProgram('chromium')
if (last === undefined || file === '' || executablePath === undefined) {
  throw new Error(`expected chromium, one of ${Object.keys(lasts).join(', ')}, and a page of it`)
}

const browser = await startBrowser(executablePath)
for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ colorScheme, deviceScaleFactor: 2, viewport: { width, height: 900 } })
  await page.goto(pathToFileURL(resolve(file)).href)
  const end = await page.locator(last).first().boundingBox()
  if (!end) throw new Error(`${file} is not a ${name}`)
  const clip = { x: 0, y: 0, width, height: end.y + end.height + margin }
  await page.screenshot({ path: join(docs, `${name}-${colorScheme}.png`), fullPage: true, clip })
}
await browser.close()
