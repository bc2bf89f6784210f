import { posix } from 'node:path'
import { Parser, type ReadEntry } from 'tar'
import { printableLine } from '../../../checker/formatters/printable.ts'

/** A member of a tar, of a kind that a container archive may contain; its name has no `./` or double slashes. */
export type Member =
  | { readonly kind: 'file'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }

/** A fault of a tar; `cause` is the library's error, if any. */
export class TarFault extends Error {}

/** More than any image has: Docker allows 128 layers. Members are remembered, so there must be a limit. */
const mostMembers = 20_000

/**
 * Visits the members of a tar in order, skipping what a visit leaves unread. Throws a `TarFault` for a tar that is
 * broken or ends early, and for a name or link that leads out of it, before visiting that member.
 */
export async function eachMember(
  source: AsyncIterable<Buffer>,
  visit: (member: Member, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const parser = new Parser({ strict: true, maxDecompressionRatio: 1 })
  const { promise: failure, reject: fail } = Promise.withResolvers<never>()
  failure.catch(() => {})
  parser.on('error', (cause: Error) => fail(new TarFault(faultOf(cause), { cause })))
  parser.on('ignoredEntry', (entry: ReadEntry) => fail(unusable(entry)))
  let visits = Promise.resolve()
  let count = 0
  parser.on('entry', (entry: ReadEntry) => {
    count += 1
    const visited = shown(entry, count, visit).then(() => void entry.resume())
    visited.catch(fail)
    visits = visits.then(() => visited)
    visits.catch(() => {})
  })
  // `once` of node:events would throw the parser's own errors.
  const on = (event: string) => new Promise<void>((resolve) => parser.once(event, resolve))
  const ended = on('end')
  // The failure first: of two settled promises, the first wins.
  const orFailure = <T>(promise: Promise<T>) => Promise.race([failure, promise])
  for await (const piece of source) {
    if (!parser.write(piece)) await orFailure(on('drain'))
  }
  parser.end()
  await orFailure(ended)
  await orFailure(visits)
}

async function shown(entry: ReadEntry, count: number, visit: Parameters<typeof eachMember>[1]): Promise<void> {
  if (count > mostMembers) throw new TarFault(`it has more than ${mostMembers} members`)
  await visit(memberOf(entry), contentOf(entry))
}

/** Minipass is not a Node stream, although `pipeline` would accept it. */
async function* contentOf(entry: ReadEntry): AsyncGenerator<Buffer> {
  for await (const piece of entry) yield piece
}

function memberOf(entry: ReadEntry): Member {
  const name = insideName(entry.path)
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      return { kind: 'file', name, bytes: entry.size }
    case 'Directory':
      return { kind: 'folder', name }
    case 'Link':
      return { kind: 'link', name, target: linkTarget(name, '.', entry.linkpath) }
    case 'SymbolicLink':
      return { kind: 'link', name, target: linkTarget(name, posix.dirname(name), entry.linkpath) }
    default:
      throw unusable(entry)
  }
}

/** Where a name leads within the archive; `tar --create .` writes a leading `./`. */
function insideName(path: string): string {
  const name = posix.normalize(path)
  if (!isInside(path) || path.split('/').includes('..')) {
    throw new TarFault(`its member ${quoted(path)} lies outside of the archive`)
  }
  return name === './' ? '.' : name.replace(/\/$/, '')
}

function linkTarget(name: string, folder: string, linkPath = ''): string {
  const target = posix.join(folder, linkPath)
  if (linkPath !== '' && !linkPath.startsWith('/') && isInside(target)) return target
  throw new TarFault(`its link ${quoted(name)} leads out of the archive, to ${quoted(linkPath)}`)
}

function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && posix.normalize(path).split('/')[0] !== '..'
}

function unusable({ path, type, size }: ReadEntry): TarFault {
  const isHeader = /Header|Long/.test(type)
  return new TarFault(
    isHeader
      ? `it has a header of ${size} bytes before a member`
      : `its member ${quoted(path)} is a ${type}, which has no place in a container archive`,
  )
}

/** A name chosen by someone else, on one line of limited length. */
export function quoted(name: string): string {
  const text = printableLine(name)
  return `"${text.length > 120 ? `${text.slice(0, 117)}...` : text}"`
}

function faultOf({ message }: Error): string {
  if (message.includes('Truncated input')) return 'it ends early: the last member is not whole'
  if (message.includes('Unrecognized archive format')) return 'it is no tar archive'
  if (message.includes('checksum failure'))
    return 'it is no tar archive, or is damaged: the checksum of a header is wrong'
  return `it is no whole tar archive (${printableLine(message)})`
}
