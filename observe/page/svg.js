// Elements of a picture. What is as it is to be is not touched: that costs nothing.

export const svgOf = (name, attributes = {}, parent) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
};
export const put = (element, key, value) => { if (element.getAttribute(key) !== String(value)) element.setAttribute(key, value); };
export const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
