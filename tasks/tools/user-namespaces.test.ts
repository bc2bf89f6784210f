import t from 'tap'
import { type NamespaceFacts, namespaceProblem } from './user-namespaces.ts'

const ranges = 'other:100000:65536\ndev:165536:65536\n'
const facts: NamespaceFacts = {
  user: 'dev',
  uid: 1001,
  subuid: ranges,
  subgid: ranges,
  maxUserNamespaces: 96_365,
  hasProfile: false,
  readsNumbers: false,
}
const noIds = (files: string, hint: string) => ({
  kind: 'refused',
  message: `dev has no 65536 subordinate ids in ${files}: cannot make a Debian system without root`,
  hint,
})

t.test('finds what prevents mmdebstrap without root, and the command to fix it', async (t) => {
  const both = 'sudo tee -a /etc/subuid /etc/subgid'
  const cases: [what: string, change: Partial<NamespaceFacts>, problem: object | undefined][] = [
    ['all well', {}, undefined],
    ['no files', { subuid: '', subgid: '' }, noIds('/etc/subuid and /etc/subgid', `echo dev:100000:65536 | ${both}`)],
    [
      'ids for others only: the next free range',
      { subuid: 'other:100000:65536\n', subgid: 'other:100000:65536\nthird:165536:65536\n' },
      noIds('/etc/subuid and /etc/subgid', `echo dev:231072:65536 | ${both}`),
    ],
    ['only groups missing', { subgid: '' }, noIds('/etc/subgid', 'echo dev:231072:65536 | sudo tee -a /etc/subgid')],
    [
      'too few',
      { subuid: 'dev:100000:1000\n' },
      noIds('/etc/subuid', 'echo dev:231072:65536 | sudo tee -a /etc/subuid'),
    ],
    [
      'a user whose name begins the same',
      { subuid: 'developer:100000:65536\n' },
      { message: /no 65536 subordinate ids in \/etc\/subuid:/ },
    ],
    [
      'a numeric id, which mmdebstrap 1.3 does not read',
      { subuid: '1001:100000:65536\n' },
      { message: /\/etc\/subuid:/ },
    ],
    ['a numeric id, which newer versions read', { subuid: '1001:100000:65536\n', readsNumbers: true }, undefined],
    ['no namespaces', { maxUserNamespaces: 0 }, { hint: 'sudo sysctl user.max_user_namespaces=15000' }],
    [
      'no namespaces for users',
      { unprivilegedUsernsClone: 0 },
      { hint: 'sudo sysctl kernel.unprivileged_userns_clone=1' },
    ],
    [
      'AppArmor',
      { apparmorRestricts: 1 },
      { message: /kernel\.apparmor_restrict/, hint: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0' },
    ],
    ['AppArmor with a profile for it', { apparmorRestricts: 1, hasProfile: true }, undefined],
    ['everything allowed', { unprivilegedUsernsClone: 1, apparmorRestricts: 0 }, undefined],
  ]
  for (const [what, change, problem] of cases) {
    const found = namespaceProblem({ ...facts, ...change })
    if (problem === undefined) t.equal(found, undefined, what)
    else t.match(found, problem, what)
  }
})
