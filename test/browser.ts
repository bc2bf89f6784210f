import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'

/** Looks at a page in a file without a network: nothing may go wrong in it, or be asked for beside it. */
export async function showFile(
  t: Test,
  browser: Browser,
  file: string,
  look: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const url = pathToFileURL(file).href
  const context = await browser.newContext({ ...options, offline: true })
  try {
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('console', (message) => wrong.push(`console: ${message.text()}`))
    page.on('pageerror', (error) => wrong.push(`error: ${error.message}`))
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) wrong.push(`request: ${request.url()}`)
    })
    await page.goto(url)
    await look(page)
    t.strictSame(wrong, [], 'no error, and no request but for the file')
  } finally {
    await context.close()
  }
}

/** What is shown on hover and focus is whole. */
export async function tipIsInside(t: Test, page: Page): Promise<void> {
  const box = await page.locator('#tip').boundingBox()
  const size = page.viewportSize()
  t.ok(box && size && box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height)
}

/**
 * Finds the texts with less contrast to their ground than 4.5 to 1, as WCAG 2.2 asks for
 * (https://www.w3.org/TR/WCAG22/#contrast-minimum), each with its ratio.
 */
export const faintTexts = `(() => {
  const luminance = ([r, g, b]) => {
    const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  }
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor)
      if ((colour[3] ?? 1) === 1) return colour
    }
    return [255, 255, 255]
  }
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
  return [...document.querySelectorAll('body *')]
    .filter((element) => hasWords(element) && element.checkVisibility() && !element.closest('script'))
    .map((element) => {
      const style = getComputedStyle(element)
      const [text, ground] = [numbers(element.matches('text') ? style.fill : style.color), groundOf(element)]
      const [low, high] = [luminance(text), luminance(ground)].sort((a, b) => a - b)
      return [element.textContent.slice(0, 40), (high + 0.05) / (low + 0.05)]
    })
    .filter(([, ratio]) => ratio < 4.5)
})()`
