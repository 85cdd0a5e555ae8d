import type { ClaimInput } from '@studio/contracts'

/** What is to be kept of the inputs of a key: they themselves, where a part of one is what was read. */
export function readingsOf(inputs: readonly ClaimInput[]): ClaimInput[] | null {
  return inputs.some(({ read_hash }) => read_hash !== undefined) ? [...inputs] : null
}

type Read = Pick<ClaimInput, 'name' | 'content_type' | 'content_hash'>

/** Inputs as they are now, with what is known of the parts of them that the provider reads. Of a content that it has not seen yet that is nothing. */
export function withReadings<Input extends Read>(
  inputs: readonly Input[],
  readings: readonly ClaimInput[] | null,
): (Input & Pick<ClaimInput, 'read_hash'>)[] {
  if (readings === null) return [...inputs]
  const placeOf = ({ name, content_type, content_hash }: Read): string => `${name} ${content_type} ${content_hash}`
  const known = new Map(readings.map((reading) => [placeOf(reading), reading.read_hash]))
  return inputs.map((input) => {
    const read_hash = known.get(placeOf(input))
    return read_hash === undefined ? input : { ...input, read_hash }
  })
}
