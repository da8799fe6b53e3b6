/** OpenCC's tables: `from to[ to…]` by sign, parted by `|`. */
declare module 'opencc-js/dict/*' {
  const table: string;
  export default table;
}
