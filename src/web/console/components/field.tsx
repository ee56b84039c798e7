import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

type Shared = { label: string; hint?: string | undefined }
type Ids = { id: string; 'aria-describedby': string | undefined }

/** A label, what it names, and a hint about it. `children` gets the attributes that connect them. */
export function Labelled({ label, hint, children }: Shared & { children(ids: Ids): ComponentChildren }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': hint ? `${id}-hint` : undefined })}
      {hint && (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      )}
    </div>
  )
}

type TextProps = Shared &
  Pick<InputHTMLAttributes, 'placeholder' | 'required' | 'maxLength' | 'pattern' | 'title' | 'onBlur'> & {
    value: string
    setValue(value: string): void
  }

/** A labelled line of text. */
export function TextField({ label, hint, setValue, ...input }: TextProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          {...input}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      )}
    </Labelled>
  )
}

type NumberProps = Shared & { min: number; max: number; value: string; setValue(value: string): void }

/** A labelled whole number. */
export function NumberField({ label, hint, setValue, ...input }: NumberProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          {...input}
          type="number"
          required
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      )}
    </Labelled>
  )
}

type SelectProps = Shared & {
  value: string
  setValue(value: string): void
  disabled?: boolean
  /** What is chosen, and how it is called. */
  options: readonly (readonly [value: string, name: string])[]
}

/** A labelled choice of one. */
export function SelectField({ label, hint, setValue, options, ...select }: SelectProps) {
  return (
    <Labelled label={label} hint={hint}>
      {(ids) => (
        <select {...ids} {...select} onChange={(event) => setValue(event.currentTarget.value)}>
          {options.map(([option, name]) => (
            <option key={option} value={option}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  )
}

type CheckProps = { checked: boolean; setChecked(checked: boolean): void; children: ComponentChildren }

/** A labelled check box. */
export function CheckField({ checked, setChecked, children }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => setChecked(event.currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  )
}
