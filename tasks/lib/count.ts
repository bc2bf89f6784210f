/** A number of instances, or a share of the group. */
export type Count = { readonly count: number } | { readonly percent: number }

/** Reads `2` or `25%`; undefined when it is neither. */
export function parseCount(text: string): Count | undefined {
  const [, digits, percent] = /^(\d{1,5})(%?)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  if (percent === '') return { count: Number(digits) }
  return Number(digits) > 100 ? undefined : { percent: Number(digits) }
}

/** A count as it is typed. */
export function countText(count: Count): string {
  return 'count' in count ? `${count.count}` : `${count.percent}%`
}

export function isZero(count: Count): boolean {
  return countText(count).replace('%', '') === '0'
}

/** How many of a group these are; a share is rounded down, but is at least 1 unless it is none. */
export function resolveCount(count: Count, size: number): number {
  return isZero(count) ? 0 : Math.max(1, resolveShare(count, size))
}

/** The same, but a share may come to none. */
export function resolveShare(count: Count, size: number): number {
  return 'count' in count ? count.count : Math.floor((size * count.percent) / 100)
}

/** `1 instance`, `2 instances`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
