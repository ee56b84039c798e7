import { Labelled } from './field'

const unitBytes = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }
export type BytesInput = { amount: string; unit: keyof typeof unitBytes }

/** The bytes that are written there; null: the number is left out. */
export function bytesOf({ amount, unit }: BytesInput): number | null {
  return amount.trim() === '' ? null : Math.round(Number(amount) * unitBytes[unit])
}

/** `bytes` in the largest unit in which it is a whole number, or else in MiB. */
export function bytesInputOf(bytes: number | null): BytesInput {
  if (bytes === null) return { amount: '', unit: 'GiB' }
  const whole = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find(
    (unit) => bytes > 0 && bytes % unitBytes[unit] === 0,
  )
  const unit = whole ?? 'MiB'
  return { amount: String(bytes / unitBytes[unit]), unit }
}

type Props = { label: string; hint?: string; value: BytesInput; setValue(value: BytesInput): void }

/** A labelled number of bytes: a number and its unit. */
export function BytesField({ label, hint, value, setValue }: Props) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <div class="joined">
          <input
            {...ids}
            type="number"
            min="0"
            step="any"
            value={value.amount}
            onInput={(event) => setValue({ ...value, amount: event.currentTarget.value })}
          />
          <select
            aria-label={`Unit of ${label}`}
            value={value.unit}
            onChange={(event) =>
              setValue({ ...value, unit: event.currentTarget.value as BytesInput['unit'] })
            }
          >
            {Object.keys(unitBytes).map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      )}
    </Labelled>
  )
}
