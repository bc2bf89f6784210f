import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  addRepository,
  hashicorpRepository,
  primaryFingerprints,
  sourceLine,
  withoutArmour,
} from './hashicorp-repository.ts'

/**
 * A key made for this test by gpg (Ed25519 with a subkey, user id `test`), and its fingerprint as gpg tells it.
 */
const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawyCxxYJKwYBBAHaRw8BAQdA3nm9PfAYMjD1wfdvlM5Lhcb+hs9ZNiLeWtDr
G4I4Zmi0BHRlc3SIkAQTFggAOBYhBPM8/FpzivwPXgRIuopgAQOerPDlBQJrDILH
AhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEIpgAQOerPDlMjUA/2Vxxm14
4tVSt7QUCnm9atsKuV4xLAMq/4c+LbnI65eTAQD1DHh+ahDfOT3tOLvy46k5+9Zb
fQkFUEw41xZpeALKDrg4BGsMgsgSCisGAQQBl1UBBQEBB0BvyG2Mub/4EWIkMBHh
dSiyCnEc4W455xYuYhxWBaErEwMBCAeIeAQYFggAIBYhBPM8/FpzivwPXgRIuopg
AQOerPDlBQJrDILIAhsMAAoJEIpgAQOerPDlZ30A/1aFZ8ojA+K5kyKxF71DMHyY
+A3VhavYlLSaW0/WVKddAP4sWuHO3mG9F+ZCj1rkIMDRj/pDL4qKnuFqr1hqHCTA
AA==
=wRSJ
-----END PGP PUBLIC KEY BLOCK-----
`
const fingerprint = 'F33CFC5A738AFC0F5E0448BA8A6001039EACF0E5'

const armoured = (bytes: Buffer) =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${bytes.toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`

/** A server that returns `text` as the key, and its repository, with files in the folder of the test. */
async function repositoryWith(t: Test, text: string, status = 200) {
  const server = createServer((_, response) => {
    response.statusCode = status
    response.end(text)
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const folder = t.testdir()
  return {
    ...hashicorpRepository,
    keyUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/gpg`,
    fingerprint,
    keyring: join(folder, 'key.gpg'),
    sourceList: join(folder, 'vendor.list'),
  }
}

t.test('reads the same fingerprint from a key as gpg', async (t) => {
  const bytes = withoutArmour(key)
  t.strictSame(primaryFingerprints(bytes), [fingerprint])
  t.strictSame(primaryFingerprints(Buffer.concat([bytes, bytes])), [fingerprint, fingerprint], 'one for each key')
  t.strictSame(primaryFingerprints(bytes.subarray(0, bytes.length - 1)), [], 'a truncated key is none')
  t.strictSame(primaryFingerprints(withoutArmour('<html>sign in to this network</html>')), [])
  t.match(hashicorpRepository.fingerprint, /^[0-9A-F]{40}$/)
})

t.test('the source list accepts only packages signed with this key', async (t) => {
  t.equal(
    sourceLine(hashicorpRepository, 'trixie'),
    'deb [arch=amd64 signed-by=/usr/share/keyrings/hashicorp-archive-keyring.gpg] https://apt.releases.hashicorp.com trixie main\n',
  )
})

t.test('root installs key and source list, once each', async (t) => {
  const repository = await repositoryWith(t, key)
  const ran: string[] = []
  const run = async (argv: readonly string[]) => {
    ran.push(
      `${readFileSync(argv.at(-2) ?? '')
        .subarray(0, 4)
        .toString('latin1')} > ${argv.at(-1)}`,
    )
    t.strictSame(argv.slice(0, 8), ['install', '-m', '0644', '-o', 'root', '-g', 'root', '-D'])
  }
  await addRepository(repository, 'noble', run)
  t.strictSame(ran, [
    `${withoutArmour(key).subarray(0, 4).toString('latin1')} > ${repository.keyring}`,
    `deb  > ${repository.sourceList}`,
  ])
})

t.test('changes nothing and reports it when the key is wrong, missing or unreachable', async (t) => {
  const run = async () => {
    t.fail('ran')
  }
  const changed = key.replace('PfAYMjD1', 'PfAYMjD2')
  const cases: [what: string, text: string, status: number, message: RegExp][] = [
    [
      'another key',
      changed,
      200,
      new RegExp(`has the fingerprint [0-9A-F]{40}, expected ${fingerprint}: it is not used`),
    ],
    ['two keys', armoured(Buffer.concat([withoutArmour(key), withoutArmour(key)])), 200, /is not used/],
    ['a page', '<html>sign in</html>', 200, /is no OpenPGP key, expected/],
    ['an error', 'no', 503, /the key of HashiCorp's apt repository, http:.*\/gpg: status 503/],
  ]
  for (const [what, text, status, message] of cases) {
    const repository = await repositoryWith(t, text, status)
    await t.rejects(addRepository(repository, 'noble', run), { kind: 'failed', message, hint: /by hand: https:/ }, what)
    t.notOk(existsSync(repository.sourceList))
  }
  const closed = { ...(await repositoryWith(t, key)), keyUrl: 'http://127.0.0.1:1/gpg' }
  await t.rejects(addRepository(closed, 'noble', run), { kind: 'failed', message: /ECONNREFUSED|bad port/ })
})
