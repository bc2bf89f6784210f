// needs: haproxy
import t from 'tap'
import { ask, fastCheck, prepareBalancer, runBackend, runBalancer, serverOnce } from './haproxy-fixture.ts'
import { addServer, drainServer, listServers, parseServers, removeServer, resumeServer } from './haproxy-runtime.ts'

t.test('requests go round the servers of the file', async (t) => {
  const backends = [await runBackend(t, 'i-1'), await runBackend(t, 'i-2')]
  const balancer = await runBalancer(t, backends)
  const answers = []
  for (let n = 0; n < 6; n += 1) answers.push((await ask(balancer)).body)
  t.strictSame(answers.sort(), ['i-1', 'i-1', 'i-1', 'i-2', 'i-2', 'i-2'])
})

t.test('an added server takes no request before its checks are good', async (t) => {
  const [first, added] = [await runBackend(t, 'i-1'), await runBackend(t, 'i-2')]
  added.health = 503
  const balancer = await runBalancer(t, [first])
  await addServer(balancer.socketPath, added, fastCheck)
  for (let n = 0; n < 10; n += 1) await ask(balancer)
  const failing = await serverOnce(balancer, 'i-2', (server) => server.check === 'failed')
  t.match(failing, {
    operational: 'down',
    admin: 'ready',
    checkDetail: 'L7STS 503',
    host: added.host,
    port: added.port,
  })
  for (let n = 0; n < 10; n += 1) await ask(balancer)
  t.equal(added.requests, 0)
  added.health = 200
  const up = await serverOnce(balancer, 'i-2', (server) => server.operational === 'up')
  t.match(up, { admin: 'ready', check: 'passed', checkDetail: 'L7OK 200', currentConnections: 0, queued: 0 })
  for (let n = 0; n < 4; n += 1) await ask(balancer)
  t.equal(added.requests, 2)
})

t.test('a draining server finishes its slow request and gets no new one', async (t) => {
  const [first, second] = [await runBackend(t, 'i-1'), await runBackend(t, 'i-2')]
  const balancer = await runBalancer(t, [first])
  const slow = ask(balancer, '/slow')
  await serverOnce(balancer, 'i-1', (server) => server.currentConnections === 1)
  await addServer(balancer.socketPath, second, fastCheck)
  await serverOnce(balancer, 'i-2', (server) => server.operational === 'up')
  await drainServer(balancer.socketPath, 'i-1')
  for (let n = 0; n < 6; n += 1) t.equal((await ask(balancer)).body, 'i-2')
  const draining = await serverOnce(balancer, 'i-1', () => true)
  t.match(draining, { admin: 'drain', operational: 'up', currentConnections: 1 })
  t.match(await slow, { status: 200, body: 'i-1' })
  await serverOnce(balancer, 'i-1', (server) => server.currentConnections === 0)
  t.equal(await removeServer(balancer.socketPath, 'i-1'), 'removed')
  t.match(await listServers(balancer.socketPath), [{ id: 'i-2' }])
})

t.test('a drained server comes back', async (t) => {
  const backend = await runBackend(t, 'i-1')
  const balancer = await runBalancer(t, [{ ...backend, drained: true }])
  t.match(await ask(balancer), { status: 503, body: '503 no instance is in service\n' })
  t.match(await listServers(balancer.socketPath), [{ id: 'i-1', admin: 'maint', operational: 'down' }])
  await resumeServer(balancer.socketPath, 'i-1')
  await serverOnce(balancer, 'i-1', (server) => server.operational === 'up')
  t.match(await ask(balancer), { status: 200, body: 'i-1' })
  t.match(await listServers(balancer.socketPath), [{ id: 'i-1', admin: 'ready' }], 'also for the next look')
})

t.test('removal gives running requests their time, then cuts them', async (t) => {
  const backend = await runBackend(t, 'i-1')
  const balancer = await runBalancer(t, [backend])
  const slow = ask(balancer, '/slow')
  await serverOnce(balancer, 'i-1', (server) => server.currentConnections === 1)
  t.equal(await removeServer(balancer.socketPath, 'i-1', 100), 'removed')
  t.match(await slow, { status: 503 })
  t.equal(backend.requests, 1)
})

for (const [broken, status] of [
  ['closes', 502],
  ['resets', 502],
  ['says 504', 504],
] as const) {
  t.test(`a server that ${broken}: GET goes to another server, POST is never repeated`, async (t) => {
    const backends = [await runBackend(t, 'i-1'), await runBackend(t, 'i-2')] as const
    const balancer = await runBalancer(t, [...backends])
    backends[0].broken = broken
    for (let n = 0; n < 6; n += 1) t.match(await ask(balancer), { status: 200, body: 'i-2' })
    backends[0].requests = backends[1].requests = 0
    const statuses = [(await ask(balancer, '/', 'POST')).status, (await ask(balancer, '/', 'POST')).status]
    t.strictSame(statuses.sort(), [200, status])
    t.strictSame([backends[0].requests, backends[1].requests], [1, 1])
  })
}

t.test('removing what is not there is no error; other mistakes are told in the words of HAProxy', async (t) => {
  const backend = await runBackend(t, 'i-1')
  const balancer = await runBalancer(t, [backend])
  t.equal(await removeServer(balancer.socketPath, 'i-9'), 'absent')
  await t.rejects(drainServer(balancer.socketPath, 'i-9'), {
    kind: 'failed',
    message: 'load balancer refused "set server instances/i-9 state drain": No such server.',
  })
  await t.rejects(addServer(balancer.socketPath, backend, fastCheck), {
    kind: 'failed',
    message: /Already exists a server with the same name in backend\.$/,
  })
  await t.rejects(drainServer(balancer.socketPath, 'i-1; show info'), { kind: 'usage', message: /^expected letters/ })
})

t.test('a load balancer that does not run is stopped to a reader, and an error to a change', async (t) => {
  const balancer = await prepareBalancer(t, [])
  t.equal(await listServers(balancer.socketPath), 'stopped')
  await t.rejects(drainServer(balancer.socketPath, 'i-1'), { kind: 'failed', message: /does not answer on .*ENOENT/ })
  t.equal(await listServers(`/${'x'.repeat(120)}`), 'stopped')
})

t.test('admin state is read from the bit mask', async (t) => {
  const statistics = JSON.stringify([[{ field: { name: 'svname' }, value: { value: 'i-1' } }]])
  const admin = (mask: number) =>
    parseServers(`1\n# srv_name srv_admin_state srv_op_state\ni-1 ${mask} 2`, statistics)[0]?.admin
  t.strictSame([0, 1, 4, 5, 8, 9, 16, 32, 64].map(admin), [
    ...['ready', 'maint', 'ready', 'maint', 'drain', 'maint', 'drain', 'maint', 'ready'],
  ])
})
