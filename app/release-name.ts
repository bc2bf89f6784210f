const releasePattern = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** `major.minor.patch`, optionally followed by `-` and a pre-release such as `rc.1`. */
export function isRelease(text: string): boolean {
  return releasePattern.test(text)
}

/** Returns `text` if it is a release; otherwise throws a TypeError that quotes it. */
export function assertRelease(text: string): string {
  if (isRelease(text)) return text
  throw new TypeError(`release: expected a version such as 1.4.0 or 1.5.0-rc.1, got ${JSON.stringify(text)}`)
}
