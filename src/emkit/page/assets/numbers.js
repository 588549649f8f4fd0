// Numbers as Python writes them, so that the page and `emkit explain` print the same digits.

const fixed = (value, digits) => value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1");
const fourDecimals = (value) => fixed(value, 4);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const range = (size) => Array.from({ length: size }, (_, i) => i);

function exponential(value, digits) {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

function general(value, digits) {
  if (value === 0 || !Number.isFinite(value)) return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  const power = Number(value.toExponential(digits - 1).split("e")[1]);
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)));
  return exponential(value, digits - 1).replace(/\.?0+e/, "e");
}

const plain = (value) => general(value, Math.abs(value) < 1e4 ? 4 : 10);

function count(value) {
  return Math.abs(value) >= 0.005 || value === 0 ? fixed(value, 2) : exponential(value, 1);
}

function significant(value, digits = 4) {
  if (!Number.isFinite(value) || value === 0) return general(value, 6);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size >= 1e-5 && size < 1e6) return value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
  return exponential(value, digits - 1);
}

const amount = (counted, value) => (counted.is_count ? count(value) : significant(value, 5));

// The distance from one number to the next as one would write it: at least `digits` decimals, and more if these are zeros.
function small(value, digits = 4) {
  return value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits ? exponential(value, 1) : fixed(value, digits);
}

function logSumExp(values) {
  const top = Math.max(...values);
  return top === -Infinity ? top : top + Math.log(sum(values.map((value) => Math.exp(value - top))));
}

// Nothing but rounding is nothing.
const cleaned = (value, scale_) => (Math.abs(value) <= 1e-12 * (1 + Math.abs(scale_)) ? 0 : value);
