/** An element with these attributes and children. Text is text: nothing of it is read as HTML. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Shows `children` in place of what `parent` has. */
export function replace(parent: Element, ...children: (Node | string)[]): void {
  parent.replaceChildren(...children)
}
