/** Make an element. Strings become text nodes, never markup; nothing, null and false are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (![undefined, null, false].includes(value)) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => ![undefined, null, false, ""].includes(child)));
  return made;
}
