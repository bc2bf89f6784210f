import t from 'tap'
import { connectionOf, playArguments, playEnvironment } from './ansible.ts'
import { sshArguments } from './ssh.ts'

const ssh = sshArguments({
  host: '127.10.0.1',
  port: 2222,
  user: 'admin',
  privateKeyFile: '/home/a b/key',
  knownHostsFile: '/h/known',
})

t.test('Ansible connects like ssh and accepts only the pinned host key', (t) => {
  const { inventory, variables, ssh: words } = connectionOf(ssh)
  t.equal(inventory, '127.10.0.1,')
  t.same(variables, ['ansible_user=admin', 'ansible_port=2222'])
  t.match(words, /^-F none -o /)
  t.match(words, `'IdentityFile="/home/a b/key"'`)
  t.match(words, 'StrictHostKeyChecking=yes')
  t.notMatch(words, '-p')
  t.notMatch(words, 'admin@')
  const env = playEnvironment('/c/ansible.cfg', ssh)
  t.match(env, { ANSIBLE_HOST_KEY_CHECKING: 'True', ANSIBLE_CONFIG: '/c/ansible.cfg' })
  t.ok(env['ANSIBLE_SSH_ARGS']?.startsWith(words))
  t.end()
})

t.test('plays only the release layer, with variables from a file', (t) => {
  t.same(playArguments({ playbook: '/a/site.yml', tags: 'release', variablesFile: '/w/v.json' }, ssh), [
    'ansible-playbook',
    '--inventory=127.10.0.1,',
    '--tags=release',
    ...['--extra-vars', 'ansible_user=admin', '--extra-vars', 'ansible_port=2222'],
    ...['--extra-vars', '@/w/v.json'],
    '/a/site.yml',
  ])
  t.end()
})
