/** A number of instances, or a share of the group. */
export type Count = { readonly count: number } | { readonly percent: number }

/** Parses `2` or `25%`; undefined for anything else. */
export function parseCount(text: string): Count | undefined {
  const [, digits, percent] = /^(\d{1,5})(%?)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  if (percent === '') return { count: Number(digits) }
  return Number(digits) > 100 ? undefined : { percent: Number(digits) }
}

/** The inverse of `parseCount`. */
export function countText(count: Count): string {
  return 'count' in count ? `${count.count}` : `${count.percent}%`
}

export function isZero(count: Count): boolean {
  return countText(count).replace('%', '') === '0'
}

/** Instances in a group of `size`; a share is rounded down, but to at least 1 unless it is 0 %. */
export function resolveCount(count: Count, size: number): number {
  return isZero(count) ? 0 : Math.max(1, resolveShare(count, size))
}

/** Like `resolveCount`, but a share may round down to 0. */
export function resolveShare(count: Count, size: number): number {
  return 'count' in count ? count.count : Math.floor((size * count.percent) / 100)
}

/** `1 instance`, `2 instances`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
