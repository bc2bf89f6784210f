import t from 'tap'

/**
 * `node tap-files.ts JOBS SECONDS FILE...`: runs test files as tap's own runner does, so many at a time and each for so long at most,
 * and prints TAP. tap's runner would first build its plugins anew, for half a minute, to leave out the one that compiles TypeScript.
 */
const [jobs, seconds, ...files] = process.argv.slice(2)
const watch = new URL('./named-needs.ts', import.meta.url).href
const env = { ...process.env, TAP_TIMEOUT: seconds, _TAPJS_PROCESSINFO_COVERAGE_: '0' }

t.jobs = Number(jobs)
t.setTimeout(0)
for (const name of files) {
  const how = { name, env, at: null, stack: '', buffered: t.jobs > 1, timeout: Number(seconds) * 1000 }
  void t.spawn(process.execPath, [`--import=${watch}`, name], how)
}
