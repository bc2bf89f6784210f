// needs: ssh-keygen
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'

t.test('a user without a name, as in many a container, is told that ssh wants one', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('not tried', { skip: 'only root can be another user' })
  const keys = mkdtempSync(join(tmpdir(), 'bakeroll-keys-'))
  t.teardown(() => rmSync(keys, { recursive: true }))
  chownSync(keys, 64_996, 64_996)
  const module = JSON.stringify(new URL('./operator-key.ts', import.meta.url).href)
  const code = `const { operatorKey } = await import(${module})
await operatorKey({ keys: ${JSON.stringify(keys)} }).catch((error) => console.log([error.kind, error.message, error.hint].join('|')))`
  const user = ['--reuid', '64996', '--regid', '64996', '--clear-groups', 'env', 'NODE_OPTIONS=']
  const { stdout } = await execa('setpriv', [...user, process.execPath, '--input-type=module', '-e', code], {
    cwd: '/',
  })
  t.equal(
    stdout,
    'failed|cannot create an SSH key: No user exists for uid 64996|ssh works only for users with an entry in /etc/passwd',
  )
})
