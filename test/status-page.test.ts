// needs: chromium
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { lookBack } from '../checker/history/look-back.ts'
import { type Past, windows } from '../checker/history/past.ts'
import { record } from '../checker/history/record.ts'
import { createTables } from '../checker/history/schema.ts'
import { renderStatusPage } from '../checker/history/status-page.ts'
import { fillYear, fixtureReport } from '../checker/history/year-fixture.ts'
import { startBrowser } from '../tasks/dev/browser.ts'
import { findProgram } from '../tasks/tools/system-packages.ts'
import { faintTexts, showFile, tipIsInside } from './browser.ts'

const now = Date.UTC(2026, 5, 15, 14, 7)
const most = { ok: 4, all: 6 }

/** A year of six targets, in the last minute of which one is slow and one is down. */
function yearOfHistory(): Past {
  const database = new DatabaseSync(':memory:')
  createTables(database)
  fillYear(database, most.all, now - 60_000)
  const good = Array.from({ length: most.ok }, () => ({ verdict: 'ok', latencyMs: 9, offsetMs: 2 }) as const)
  record(database, fixtureReport([...good, { verdict: 'warning', latencyMs: 130 }, { verdict: 'critical' }]), now)
  return lookBack(database, now)
}

const chromium = findProgram('chromium')
if (chromium) await inBrowser(await startBrowser(chromium))
else t.pass('not tried', { skip: 'there is no chromium, and its package could not be installed' })

async function inBrowser(browser: Browser) {
  t.teardown(() => browser.close())
  const past = yearOfHistory()
  const file = join(t.testdir(), 'status.html')
  writeFileSync(file, renderStatusPage(past))

  const show = (t: Test, look: (page: Page) => Promise<void>, options?: BrowserContextOptions) =>
    showFile(t, browser, file, look, options)

  t.test('a page of a year shows the numbers of its history', async (t) => {
    await show(t, async (page) => {
      t.equal(await page.getByRole('heading', { level: 1 }).textContent(), `1 of ${most.all} targets is critical`)
      t.equal(await page.locator('.target').count(), most.all)
      t.strictSame(
        (await page.locator('[data-fact=state]').allTextContents()).map((text) => text.trim()),
        ['critical', 'warning', 'ok', 'ok', 'ok', 'ok'],
        'the worst first',
      )
      for (const target of past.targets) {
        const section = page.locator('.target', { hasText: `${target.url} ` })
        for (const name of Object.keys(windows) as (keyof typeof windows)[]) {
          const { availability, latencyMs, offsetMs, checks } = target.windows[name]
          const row = section.locator(`[data-window="${name}"]`)
          const shown = await row
            .locator('data')
            .evaluateAll((all) => all.map((data) => [data.getAttribute('data-fact'), data.getAttribute('value')]))
          t.strictSame(
            Object.fromEntries(shown),
            {
              availability: String(availability),
              p50: String(latencyMs?.p50),
              p95: String(latencyMs?.p95),
              max: String(latencyMs?.max),
              offset: `${offsetMs?.low} ${offsetMs?.high}`,
              checks: String(Object.values(checks).reduce((sum, count) => sum + count, 0)),
            },
            `${target.url}, ${name}`,
          )
        }
        await section.locator('.bars').scrollIntoViewIfNeeded()
        await section.locator('.bars .item').first().waitFor()
        t.equal(await section.locator('.bars .item').count(), target.days.length)
        t.strictSame(
          await section.locator('.incidents data').evaluateAll((all) => all.map((data) => data.getAttribute('value'))),
          target.incidents.slice(0, 20).map(({ lengthMs }) => String(lengthMs)),
        )
        t.equal(await section.locator('.plots path.band[d^=M]').count(), 4)
      }
    })
  })

  t.test('days and curves tell their numbers on hover and to the keyboard', async (t) => {
    await show(t, async (page) => {
      const tip = page.locator('#tip')
      t.notOk(await tip.isVisible())
      const down = page.locator('.target').first()
      await down.locator('.bars .item').last().hover()
      t.match(await tip.textContent(), /^2026-06-15: 99\.\d\d % available\n.*1 critical/)
      await tipIsInside(t, page)
      await page.getByRole('heading', { level: 1 }).hover()
      t.notOk(await tip.isVisible())
      await down.locator('.offset svg.plot').last().scrollIntoViewIfNeeded()
      await down.locator('.offset').last().locator('.item').last().focus()
      t.match(await tip.textContent(), /^2026-06-1\d\n.* ms\nproven within .* ms to .* ms$/)
      await page.keyboard.press('ArrowLeft')
      t.match(await tip.textContent(), /^2026-06-14\n/)
      await page.keyboard.press('Home')
      t.match(await tip.textContent(), /^2026-03-18\n/)
      await tipIsInside(t, page)
      await page.keyboard.press('Escape')
      t.notOk(await tip.isVisible())
    })
  })

  t.test('light and dark, wide and narrow: nothing is cut off, and every word can be read', async (t) => {
    const grounds = new Set<unknown>()
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1200, 390, 320]) {
        const look = async (page: Page) => {
          const fits = await page.evaluate('document.documentElement.scrollWidth <= innerWidth')
          t.ok(fits, `${width} px: no scrolling sideways`)
          const reason = await page.locator('.incidents td:last-child').first().boundingBox()
          t.ok((reason?.width ?? 0) >= 200, `${width} px: the reason of an incident is not broken into letters`)
          await page.locator('.bars .item').first().focus()
          t.strictSame(await page.evaluate(faintTexts), [], `${colorScheme}, ${width} px: contrast`)
          grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
        }
        await show(t, look, { colorScheme, viewport: { width, height: 800 } })
      }
    }
    t.equal(grounds.size, 2)
  })

  t.test('it can be read without its script', async (t) => {
    const look = async (page: Page) => {
      t.ok(await page.locator('.figures').first().isVisible())
      t.equal(await page.locator('details').count(), most.all)
      await page.locator('summary').last().click()
      t.ok(await page.locator('.figures').last().isVisible())
    }
    await show(t, look, { javaScriptEnabled: false })
  })
}
