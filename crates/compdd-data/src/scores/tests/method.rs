//! Names of methods.

use crate::scores::CamMethod;

#[test]
fn methods_have_names() {
    for method in CamMethod::ALL {
        assert_eq!(method.to_string().parse::<CamMethod>().unwrap(), method);
        assert_eq!(serde_json::to_string(&method).unwrap(), format!("\"{method}\""));
    }
    assert_eq!(CamMethod::default().to_string(), "grad-cam");
    let slug = "smooth-grad-cam++-n8-s0.1";
    let method = CamMethod::SmoothGradCamPlusPlus { samples: 8, sigma: 0.1 };
    assert_eq!(slug.parse::<CamMethod>().unwrap(), method);
    assert_eq!(method.to_string(), slug);
    for (name, method) in [
        ("gradcam", CamMethod::GradCam),
        ("GradCAM++", CamMethod::GradCamPlusPlus),
        ("gradcampp", CamMethod::GradCamPlusPlus),
        ("smooth_gradcampp", CamMethod::SMOOTH),
        ("xgradcam", CamMethod::XGradCam),
        ("layercam", CamMethod::LayerCam),
    ] {
        assert_eq!(name.parse::<CamMethod>().unwrap(), method, "{name}");
    }
    for wrong in ["", "score-cam", "grad-cam-n4", "smooth-grad-cam++-n4-n5x", "smooth-grad-cam++-x2", "n4"] {
        let error = wrong.parse::<CamMethod>().unwrap_err();
        assert!(error.to_string().contains("no activation map method"), "{wrong}: {error}");
    }
    let error = "smooth-grad-cam++-n0".parse::<CamMethod>().unwrap_err();
    assert_eq!(error.to_string(), "smooth-grad-cam++ with 0 samples and sigma 0.3");
}
