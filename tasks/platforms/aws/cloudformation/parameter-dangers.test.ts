import t from 'tap'
import { parameterDangers } from './parameter-dangers.ts'

t.test('only what opens more than before is dangerous', async (t) => {
  const table: [name: string, before: string, after: string, dangers: string[]][] = [
    ['AllowedCidr', '10.0.0.0/8', '0.0.0.0/0', ['widens access: AllowedCidr 10.0.0.0/8 -> 0.0.0.0/0']],
    ['AllowedCidr', '10.0.0.0/8', '11.0.0.0/8', ['widens access: AllowedCidr 10.0.0.0/8 -> 11.0.0.0/8']],
    ['AllowedCidr', '0.0.0.0/0', '10.0.0.0/8', []],
    ['AllowedCidr', '10.0.0.0/8', '10.1.0.0/16', []],
    ['AllowedCidr', '10.0.0.0/8', '10.0.0.0/8', []],
    ['Https', 'false', 'true', ['widens access, opens port 443: Https false -> true']],
    ['Https', 'true', 'false', []],
    ['DeletionProtection', 'true', 'false', ['removes a protection: DeletionProtection true -> false']],
    ['DeletionProtection', 'false', 'true', []],
    ['InstanceEgressPrefixListId', '', 'pl-1', ['lets instances reach more: InstanceEgressPrefixListId none -> pl-1']],
    ['InstanceEgressPrefixListId', 'pl-1', '', []],
    ['InstanceType', 't3.small', 't3.micro', []],
  ]
  for (const [name, before, after, dangers] of table) {
    t.same(parameterDangers({ [name]: before }, { [name]: after }), dangers, `${name} ${before} -> ${after}`)
  }
  t.same(parameterDangers({}, { AllowedCidr: '0.0.0.0/0' }), [], 'a new stack is judged by what it adds')
})
