// What the compiler calls by name, having no C library.
#include <cstddef>
#include <cstdint>

extern "C" {

void *memcpy(void *to, const void *from, size_t size) {
  void *const start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size)::"memory");
  return start;
}

void *memset(void *to, int value, size_t size) {
  void *const start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return start;
}

int memcmp(const void *left, const void *right, size_t size) {
  const auto *a = static_cast<const volatile uint8_t *>(left);
  const auto *b = static_cast<const volatile uint8_t *>(right);
  for (size_t i = 0; i < size; ++i)
    if (a[i] != b[i])
      return a[i] < b[i] ? -1 : 1;
  return 0;
}

void *memmove(void *to, const void *from, size_t size) {
  if (to <= from)
    return memcpy(to, from, size);
  auto *out = static_cast<volatile uint8_t *>(to);
  const auto *in = static_cast<const volatile uint8_t *>(from);
  while (size-- > 0)
    out[size] = in[size];
  return to;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0)
    ++length;
  return length;
}
}
