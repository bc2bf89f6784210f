import t from 'tap'
import { openSessionKeys } from './session-key.ts'

function recorder() {
  const sent: unknown[] = []
  const failures: Error[] = []
  class Client {
    async send({ input }: { input: unknown }) {
      const failure = failures.shift()
      if (failure) throw failure
      sent.push(input)
      return { Success: true }
    }
  }
  return { sent, failures, aws: { open: () => new Client() as never } }
}

t.test('a key is pushed again only when it is no longer fresh', async (t) => {
  const { aws, sent } = recorder()
  let nowMs = 1000
  const keys = openSessionKeys(
    aws,
    async () => 'ssh-ed25519 AAAA',
    () => nowMs,
  )
  await Promise.all([keys.push('i-1', 'admin'), keys.push('i-1', 'admin'), keys.push('i-2', 'admin')])
  const key = (InstanceId: string) => ({ InstanceId, InstanceOSUser: 'admin', SSHPublicKey: 'ssh-ed25519 AAAA' })
  t.strictSame(sent, [key('i-1'), key('i-2')])
  nowMs += 29_999
  await keys.push('i-1', 'admin')
  t.equal(sent.length, 2)
  nowMs += 1
  await keys.push('i-1', 'admin')
  t.strictSame(sent[2], key('i-1'))
})

t.test('a push that failed is tried again', async (t) => {
  const { aws, sent, failures } = recorder()
  failures.push(new Error('EC2InstanceUnavailableException'))
  const keys = openSessionKeys(
    aws,
    async () => 'ssh-ed25519 AAAA',
    () => 0,
  )
  await t.rejects(keys.push('i-1', 'admin'), { message: 'EC2InstanceUnavailableException' })
  await keys.push('i-1', 'admin')
  t.equal(sent.length, 1)
})
