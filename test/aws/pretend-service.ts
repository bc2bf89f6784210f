import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A service of release 1.0.0 on this computer, which `check` finds in the place of the group's until the test ends. */
export async function pretendService(t: Test): Promise<void> {
  const service = createServer(({ url }, answer) => {
    answer.end(url === '/version.txt' ? '1.0.0\n' : new Date().toISOString())
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  process.env['BAKEROLL_AWS_URL'] = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  t.teardown(() => {
    delete process.env['BAKEROLL_AWS_URL']
    service.close()
  })
}
