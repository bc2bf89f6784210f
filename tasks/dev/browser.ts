import { type Browser, chromium } from 'playwright-core'

/** Starts Debian's Chromium. */
export function startBrowser(executablePath: string): Promise<Browser> {
  // Chromium's sandbox does not work as root; it only shows our own page, from a file.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
