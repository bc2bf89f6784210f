/** Fits a folder, an AWS tag, a container image tag and a word of the shell. */
export const releasePattern = /^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/

export const expectedRelease = 'a version like 1.4.0, 1.4.0-rc.1 or 9cf32fa: at most 64 letters, digits, dots, _ and -'

/** Such as `1.4.0`, `1.5.0-rc.1`, `v2` or the name of a commit. */
export function isRelease(text: string): boolean {
  return releasePattern.test(text)
}

/** Returns `text` if it is a release; otherwise throws a TypeError that quotes it. */
export function assertRelease(text: string): string {
  if (isRelease(text)) return text
  throw new TypeError(`release: expected ${expectedRelease}, got ${JSON.stringify(text)}`)
}
