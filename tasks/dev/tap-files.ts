import t from 'tap'

/**
 * `node tap-files.ts JOBS SECONDS FILE...` runs test files like tap's own runner, JOBS at a time and at most SECONDS
 * each, and prints TAP. tap's runner would first rebuild its plugins, for half a minute, to leave out the one that
 * compiles TypeScript.
 */
const [jobs, seconds, ...files] = process.argv.slice(2)
const watch = new URL('./named-needs.ts', import.meta.url).href
// tap adds a loader that notes every module: each test process would take twice the time.
const ownOptions = `NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''}`
const env = { ...process.env, TAP_TIMEOUT: seconds, _TAPJS_PROCESSINFO_COVERAGE_: '0' }

t.jobs = Number(jobs)
t.setTimeout(0)
for (const name of files) {
  const how = { name, env, at: null, stack: '', buffered: t.jobs > 1, timeout: Number(seconds) * 1000 }
  void t.spawn('env', [ownOptions, process.execPath, `--import=${watch}`, name], how)
}
