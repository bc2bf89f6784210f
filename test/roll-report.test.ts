// needs: chromium
import type { Browser, BrowserContextOptions } from 'playwright-core'
import t, { type Test } from 'tap'
import { startBrowser } from '../tasks/dev/browser.ts'
import type { RollEventSink } from '../tasks/lib/roll/events.ts'
import { type RollFixture, rollFixture } from '../tasks/report/roll-fixture.ts'
import { summarize } from '../tasks/report/summary.ts'
import { simulateRoll } from '../tasks/simulator/simulation.ts'
import { findProgram } from '../tasks/tools/system-packages.ts'
import { faintTexts, tipIsInside } from './browser.ts'
import { hasItsNumbers, type Shown, showReport } from './roll-report-page.ts'

const chromium = findProgram('chromium')
if (chromium) await inBrowser(await startBrowser(chromium))
else t.pass('not tried', { skip: 'there is no chromium, and its package could not be installed' })

async function inBrowser(browser: Browser) {
  t.teardown(() => browser.close())

  const show = (
    t: Test,
    fixture: RollFixture,
    look: (shown: Shown) => Promise<void>,
    options?: BrowserContextOptions,
  ) => {
    const write = (onEvent: RollEventSink) => {
      for (const event of rollFixture(fixture)) onEvent(event)
    }
    return showReport(t, browser, write, look, options)
  }
  const three = { size: 3, surge: 1 }
  const eventful = { ...three, killedAtSecond: 55, load: { perSecond: 9, failing: { 60: 2 } } }

  t.test('a page shows the numbers of its events file', async (t) => {
    for (const fixture of [{ ...three, load: { perSecond: 40 } }, eventful, { ...three, broken: true }]) {
      await show(t, fixture, (shown) => hasItsNumbers(t, shown))
    }
  })

  t.test('a page of a simulated roll that was killed, with a bad instance, does so too', async (t) => {
    const faults = 'killed@50%,never-boots:1@30%'
    const write = async (onEvent: RollEventSink) => {
      const { outcome } = await simulateRoll({ instances: 6, policy: 'surge=2', faults, seed: 5, onEvent })
      t.equal(outcome, 'rolled')
    }
    await showReport(t, browser, write, async (shown) => {
      t.equal(summarize(shown.events).runs.length, 2)
      await hasItsNumbers(t, shown)
    })
  })

  t.test('a reason is shown on hover, until Escape or until the pointer goes elsewhere', async (t) => {
    await show(t, three, async ({ page }) => {
      const tip = page.locator('#tip')
      t.notOk(await tip.isVisible())
      await page.locator('.mark.drain').first().hover()
      t.match(await tip.textContent(), /^i-1000: drain\n0:\d+ drain: on timeapp-1\.0\.0-8c1d; 1 ready$/)
      await tipIsInside(t, page)
      await page.keyboard.press('Escape')
      t.notOk(await tip.isVisible())
      await page.locator('.new .item.booting').first().hover()
      const booting = /^i-a029: booting\n.*1\.1\.0.*\nnot ready: its machine is booting\n.*launch: 0 of 3 wanted$/
      t.match(await tip.textContent(), booting)
      t.ok(await tip.isVisible())
      await page.getByRole('heading', { level: 1 }).hover()
      t.notOk(await tip.isVisible())
    })
  })

  t.test('the Tab key reaches each plot', async (t) => {
    await show(t, { ...three, load: { perSecond: 10 } }, async ({ page }) => {
      for (const words of [
        /^0:00 began/,
        /^3 healthy, 3 machines/,
        /^\d+ requests/,
        /^i-1000: serving/,
        /^i-a029: booting/,
      ]) {
        await page.keyboard.press('Tab')
        t.ok(await page.locator('#tip').isVisible())
        t.match(await page.locator('#tip').textContent(), words)
      }
    })
  })

  t.test('the arrow keys reach everything in a plot', async (t) => {
    await show(t, three, async ({ page }) => {
      const told = new Set<string | null>()
      const right = Array.from({ length: 6 }, () => 'ArrowRight')
      await page.locator('.old .item').first().focus()
      for (const key of ['Home', ...right, 'End', 'ArrowUp', 'ArrowDown', 'Home', ...right]) {
        await page.keyboard.press(key)
        t.ok(await page.locator('#tip').isVisible(), key)
        await tipIsInside(t, page)
        told.add(await page.locator('#tip').textContent())
      }
      for (const row of [0, 1]) {
        for (const item of await page.locator('.old .plot > g').nth(row).locator('.item').all()) {
          t.ok(told.has(await item.getAttribute('aria-label')))
        }
      }
    })
  })

  t.test('the list is filtered by step and by words', async (t) => {
    await show(t, three, async ({ page }) => {
      const rows = page.locator('#steps tbody tr:visible')
      const all = await rows.count()
      t.ok(all > 9)
      await page.locator('#kind').selectOption('drain')
      t.equal(await rows.count(), 3)
      await page.locator('#find').fill('I-1025')
      t.equal(await rows.count(), 1)
      t.equal(await page.locator('#shown').textContent(), `1 of ${all}`)
    })
  })

  t.test('light and dark, wide and narrow: nothing is cut off, and every word can be read', async (t) => {
    const grounds = new Set<unknown>()
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1200, 390, 320]) {
        const look = async ({ page }: Shown) => {
          t.ok(
            await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
            `${width} px: no scrolling sideways`,
          )
          await page.locator('.item').first().focus()
          t.strictSame(await page.evaluate(faintTexts), [], `${colorScheme}, ${width} px: contrast`)
          grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
        }
        await show(t, eventful, look, { colorScheme, viewport: { width, height: 800 } })
      }
    }
    t.equal(grounds.size, 2)
  })

  t.test('it can be read without its script', async (t) => {
    const look = async ({ page }: Shown) => {
      t.equal(await page.locator('.new .item.ready').count(), 3)
      t.ok(await page.getByText('on timeapp-1.0.0-8c1d; 3 ready').isVisible())
      t.notOk(await page.locator('#find').isVisible(), 'a filter that would do nothing is not there')
    }
    await show(t, three, look, { javaScriptEnabled: false })
  })

  t.test('one instance, and a thousand', async (t) => {
    for (const size of [1, 1000]) {
      await show(t, { size, surge: Math.ceil(size / 100) }, async (shown) => {
        await hasItsNumbers(t, shown)
        t.equal(await shown.page.locator('.new .item.ready').count(), size)
        const height = Number(await shown.page.evaluate('document.documentElement.scrollHeight'))
        t.ok(height < 3000, `${size} instances: ${height} px high`)
      })
    }
  })
}
