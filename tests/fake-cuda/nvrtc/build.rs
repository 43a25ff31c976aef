//! The name under which programs ask for the compiler.
fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libnvrtc.so");
}
