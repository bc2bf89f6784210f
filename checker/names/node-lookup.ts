import { isIP, type LookupFunction } from 'node:net'
import { openNames } from './names.ts'

/** Our own look-up as the `lookup` option of Node's net, http and dgram; ends within `timeoutMs`. */
export function lookupWithin(timeoutMs: number): LookupFunction {
  const endMs = performance.now() + timeoutMs
  return (host, { all, family }, found) => {
    const wanted = family === 4 || family === 6 ? family : undefined
    openNames(endMs)
      .addressesOf(host, wanted)
      .then(
        (addresses) => {
          const [first = ''] = addresses
          if (all)
            found(
              null,
              addresses.map((address) => ({ address, family: isIP(address) })),
            )
          else found(null, first, isIP(first))
        },
        (error) => found(error, ''),
      )
  }
}
