import { type Browser, chromium } from 'playwright-core'

/** Starts Debian's Chromium. */
export function startBrowser(executablePath: string): Promise<Browser> {
  // As root its sandbox refuses to work; what it shows here is our own page, from a file.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
