/** A named format, or a JSON pointer (RFC 6901) to a value whose format is recognised. */
export type TimeFormat = (typeof namedFormats)[number] | { readonly pointer: string }

const namedFormats = ['auto', 'iso8601', 'unix', 'unix-ms', 'http-date', 'time-of-day'] as const

/** Undefined when the text is not a format. */
export function parseTimeFormat(text: string): TimeFormat | undefined {
  const named = namedFormats.find((name) => name === text)
  if (named !== undefined) return named
  const pointer = /^json:((?:\/(?:[^~/]|~[01])*)*)$/.exec(text)?.[1]
  return pointer === undefined ? undefined : { pointer }
}
