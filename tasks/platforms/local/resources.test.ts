import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { anyFreePort, listenProblem } from '../../tools/ports.ts'
import { homeAt } from '../home.ts'
import { checkMemory, checkPort, checkRoomForInstances } from './resources.ts'

t.test('memory', async (t) => {
  checkMemory(1024, 'a bake', 1024)
  t.throws(() => checkMemory(1280, 'a bake', 1279.9), {
    kind: 'refused',
    message: 'not enough memory for a bake: 1280 MiB needed, 1279 MiB free',
    hint: 'close other programs, or lower BAKEROLL_LOCAL_MEMORY_MIB',
  })
  checkMemory(1, 'a bake')
  t.throws(() => checkMemory(2 ** 40, 'a bake'), { message: /^not enough memory/ }, 'of this computer')
})

t.test('room for instances', async (t) => {
  const home = homeAt(t.testdir())
  await checkRoomForInstances(home, 0, { memoryMib: 1024 })
  await checkRoomForInstances(home, 1, { memoryMib: 1 })
  const counts = [
    [1, '1 more instance:'],
    [3, '3 more instances:'],
  ] as const
  for (const [count, words] of counts) {
    await t.rejects(checkRoomForInstances(home, count, { memoryMib: 2 ** 40 }), {
      kind: 'refused',
      message: new RegExp(`^not enough memory for ${words}`),
    })
  }
})

t.test('ports', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.equal(await listenProblem('127.0.0.1', port), 'EADDRINUSE')
  await t.rejects(checkPort(port, 'demo'), {
    kind: 'refused',
    message: `127.0.0.1:${port} is used by another program`,
    hint: /^BAKEROLL_LOCAL_PORT=\d+ npm run demo$/,
  })
  t.equal(await listenProblem('127.77.0.1', port), undefined, 'another address')
  t.equal(await listenProblem('192.0.2.1', port), 'EADDRNOTAVAIL', 'no address of this computer')
  const free = await anyFreePort()
  t.equal(await listenProblem('127.0.0.1', free), undefined)
  await checkPort(free, 'demo')
})
