/** Whether a JSON number, read as a double and written again by JavaScript, is the same decimal value. */
export function survivesAsDouble(token: string): boolean {
  const value = Number(token)
  if (!Number.isFinite(value)) return false
  const written = String(value)
  return written === token || decimalForm(written) === decimalForm(token)
}

// A number's significant digits and its power of ten: 1.50 and 15e-1 are both "15e-1".
function decimalForm(token: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1
  return end === 0 ? '0' : `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}
