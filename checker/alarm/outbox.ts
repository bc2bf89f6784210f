import { createHash } from 'node:crypto'
import type { Channel } from './channels/channel-target.ts'
import type { Notice, Outgoing } from './state.ts'

/** People get one message per check; programs get each notice separately. */
const takesTogether: Record<Channel['kind'], boolean> = {
  webhook: false,
  command: false,
  slack: true,
  mail: true,
  smtp: true,
  sns: true,
}

/** The messages to deliver for the notices of one check; a key depends on notice and channel only. */
export function enqueue(notices: readonly Notice[], channels: readonly Channel[], nowMs: number): Outgoing[] {
  if (notices.length === 0) return []
  return channels.flatMap(({ id, name, kind }) =>
    (takesTogether[kind] ? [notices] : notices.map((notice) => [notice])).map((together) => ({
      key: keyOf(together, id),
      channel: id,
      channelName: name,
      notices: together,
      queuedMs: nowMs,
    })),
  )
}

function keyOf(notices: readonly Notice[], channelId: string): string {
  const hash = createHash('sha256').update(JSON.stringify([channelId, ...notices.map(({ id }) => id)]))
  return hash.digest('hex').slice(0, 32)
}
