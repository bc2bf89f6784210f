import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Tunnel } from './tunnel.ts'
import { openTunnels } from './tunnels.ts'

/** Tunnels that are records only. */
function recorded(limit: number) {
  const opened: string[] = []
  const open = new Set<string>()
  const breaking = new Set<string>()
  let most = 0
  const tunnels = openTunnels(async ({ id }: { id: string }): Promise<Tunnel> => {
    opened.push(id)
    await turn()
    if (breaking.delete(id)) throw new Error(`no way to ${id}`)
    open.add(id)
    most = Math.max(most, open.size)
    return { url: `http://${id}`, isOpen: () => open.has(id), close: async () => void open.delete(id) }
  }, limit)
  const ask = (id: string) =>
    tunnels.through({ id }, async (url) => {
      await turn()
      return url
    })
  return { tunnels, opened, open, breaking, ask, most: () => most }
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`)

t.test('a thousand instances, few tunnels', async (t) => {
  const { ask, opened, open, most } = recorded(8)
  t.strictSame(
    await Promise.all(ids(1000).map(ask)),
    ids(1000).map((id) => `http://${id}`),
  )
  t.equal(opened.length, 1000)
  t.equal(most(), 8)
  t.ok(open.size <= 8)
})

t.test('a tunnel is shared, and stays until another needs its place', async (t) => {
  const { ask, opened, open } = recorded(2)
  await Promise.all([ask('i-1'), ask('i-1')])
  await ask('i-1')
  await ask('i-2')
  t.strictSame(opened, ['i-1', 'i-2'])
  await ask('i-1')
  await ask('i-3')
  t.strictSame([...open].sort(), ['i-1', 'i-3'], 'the one that was idle for longest made room')
})

t.test('a tunnel that broke is opened again', async (t) => {
  const { ask, opened, open } = recorded(2)
  await ask('i-1')
  open.delete('i-1')
  t.equal(await ask('i-1'), 'http://i-1')
  t.strictSame(opened, ['i-1', 'i-1'])
})

t.test('a tunnel that does not open fails those who wait for it, and takes no place', async (t) => {
  const { ask, breaking, open } = recorded(1)
  breaking.add('i-1')
  const both = await Promise.allSettled([ask('i-1'), ask('i-1'), ask('i-2')])
  t.strictSame(
    both.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
  t.equal(await ask('i-1'), 'http://i-1')
  t.strictSame([...open], ['i-1'])
})

t.test('an unwanted tunnel ends when its last user has gone', async (t) => {
  const { tunnels, ask, open } = recorded(2)
  await tunnels.through({ id: 'i-1' }, async () => {
    await tunnels.end('i-1')
    t.ok(open.has('i-1'))
  })
  t.notOk(open.has('i-1'))
  await ask('i-2')
  await tunnels.end('i-2')
  await tunnels.end('i-3')
  t.equal(open.size, 0)
})

t.test('held tunnels stay, up to the limit, and take no place from others', async (t) => {
  const { tunnels, ask, open, breaking } = recorded(2)
  breaking.add('i-1')
  await t.rejects(tunnels.hold({ id: 'i-1' }), { message: 'no way to i-1' })
  t.equal(await tunnels.hold({ id: 'i-1' }), 'http://i-1')
  await tunnels.hold({ id: 'i-1' })
  await tunnels.hold({ id: 'i-2' })
  await t.rejects(tunnels.hold({ id: 'i-3' }), {
    kind: 'usage',
    message: 'at most 2 instances can be reached through the endpoint at once',
  })
  await Promise.all(['i-4', 'i-5', 'i-6'].map(ask))
  t.ok(open.has('i-1') && open.has('i-2'))
  await tunnels.close()
  t.equal(open.size, 0)
  await t.rejects(ask('i-1'), { kind: 'interrupted', message: 'access to the instances is closed' })
})
