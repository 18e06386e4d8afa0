//! What the versions of the platform have and lack.

/// What a version of the platform lacks of some structs: `only` the named version has these fields, and `within`
/// these there is something that not every version has.
macro_rules! projections {
    ($(
        $name:ident {
            $( only $version:ident: $($only:ident),+ $(,)?; )*
            $( within: $($inner:ident),+ $(,)?; )?
        }
    )+) => {
        $(
            impl crate::project::Project for $name {
                fn project(&mut self, platform: crate::operation::Platform) {
                    $(
                        if !platform.includes(&[crate::operation::PlatformVersion::$version]) {
                            $( self.$only = Default::default(); )+
                        }
                    )*
                    $($( crate::project::Project::project(&mut self.$inner, platform); )+)?
                }
            }
        )+
    };
}

/// Types that are the same on every version of the platform.
macro_rules! no_projection {
    ($($name:ty),+ $(,)?) => {
        $( impl crate::project::Project for $name {} )+
    };
}
