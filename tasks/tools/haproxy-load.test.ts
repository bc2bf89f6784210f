// needs: haproxy
import { Agent, get } from 'node:http'
import t from 'tap'
import { type Backend, type Balancer, fastCheck, runBackend, runBalancer, serverOnce } from './haproxy-fixture.ts'
import { addServer, drainServer, removeServer } from './haproxy-runtime.ts'

// Not autocannon: with `reconnectRate` it leaves out the answer before each reconnect, so at 1 it counts nothing at all.

/**
 * Eight clients ask without a pause while the work goes on, and until there were enough requests to mean something; each either
 * brings 200 or is told as failed.
 */
async function underLoad(balancer: Balancer, agent: Agent, work: () => Promise<void>) {
  const result = { served: 0, failures: [] as string[] }
  let working = true
  const client = async () => {
    while (working || result.served + result.failures.length < 200) {
      const outcome = await ask(balancer.url, agent)
      if (outcome === 200) result.served += 1
      else result.failures.push(String(outcome))
    }
  }
  const clients = Array.from({ length: 8 }, client)
  await work().finally(() => {
    working = false
  })
  await Promise.all(clients)
  agent.destroy()
  return result
}

function ask(url: string, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: 5000 }, (response) => {
      response.on('error', (error) => resolve(error.message))
      response.on('end', () => resolve(response.statusCode ?? 0)).resume()
    })
    request.on('timeout', () => request.destroy(new Error('timeout')))
    request.on('error', (error) => resolve(error.message))
  })
}

async function replace(balancer: Balancer, old: Backend, next: Backend): Promise<void> {
  await addServer(balancer.socketPath, next, fastCheck)
  await serverOnce(balancer, next.id, (server) => server.operational === 'up')
  await drainServer(balancer.socketPath, old.id)
  await serverOnce(balancer, old.id, (server) => server.currentConnections === 0)
  await removeServer(balancer.socketPath, old.id)
  old.kill()
}

const agents = {
  'kept-alive connections': () => new Agent({ keepAlive: true, maxSockets: 8 }),
  'a new connection per request': () => new Agent({ keepAlive: false }),
}

for (const [name, agent] of Object.entries(agents)) {
  t.test(`replacing every server loses no request: ${name}`, async (t) => {
    const backends = await Promise.all(['a-1', 'a-2', 'b-1', 'b-2', 'c-1', 'c-2'].map((id) => runBackend(t, id)))
    const balancer = await runBalancer(t, backends.slice(0, 2))
    const { served, failures } = await underLoad(balancer, agent(), async () => {
      for (const [index, next] of backends.slice(2).entries()) await replace(balancer, backends[index] as Backend, next)
    })
    t.strictSame(failures, [])
    t.ok(served > 100, `${served} served`)
    const idle = backends.filter((backend) => backend.requests === 0)
    t.strictSame(idle, [], 'every server took part')
  })

  t.test(`a killed server is detected, its requests go elsewhere: ${name}`, async (t) => {
    const [killed, other] = [await runBackend(t, 'i-1'), await runBackend(t, 'i-2')]
    const balancer = await runBalancer(t, [killed, other])
    const { served, failures } = await underLoad(balancer, agent(), async () => {
      await serverOnce(balancer, killed.id, (server) => server.check === 'passed')
      killed.kill()
      await serverOnce(balancer, killed.id, (server) => server.operational === 'down')
    })
    t.ok(served > 100, `${served} served`)
    // An answer cut in its middle cannot be repeated: at most one per client.
    t.ok(failures.length <= 8, `failed: ${failures.join(', ') || 'none'}`)
  })
}
