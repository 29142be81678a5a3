/** Vectors as text, exactly: most are of single precision, and then half as long. */
export function packVector(vector: readonly number[]): string {
  const single = Float32Array.from(vector)
  return vector.every((x, i) => Object.is(single[i], x))
    ? `f32:${base64(single)}`
    : `f64:${base64(Float64Array.from(vector))}`
}

/** What {@link packVector} made. */
export function unpackVector(packed: string): readonly number[] {
  const bytes = Uint8Array.from(Buffer.from(packed.slice(4), 'base64')).buffer // aligned, unlike that of the pool
  return [...(packed.startsWith('f32:') ? new Float32Array(bytes) : new Float64Array(bytes))]
}

function base64({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
