import { createHash } from 'node:crypto'
import type { Channel } from './channels/channel-target.ts'
import type { Notice, Outgoing } from './state.ts'

/** People get what one check found in one message; a program gets each notice by itself. */
const takesTogether: Record<Channel['kind'], boolean> = {
  webhook: false,
  command: false,
  slack: true,
  mail: true,
  smtp: true,
  sns: true,
}

/** What is to be delivered of the notices of one check, each with its key: of the notice and the channel, and of nothing else. */
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
